import type { Broker } from "../broker.ts";
import type { Consumer, Entity } from "../entity.ts";
import type { Delivery, ReceiveMode, Settlement } from "../message.ts";
import type { Dispositions } from "./dispositions.ts";
import { encodeDelivery } from "./encode-delivery.ts";
import { entriesOf, overridesOf } from "./encoding.ts";
import { asBrokerError, messageLockLost, sessionLockLost } from "./errors.ts";
import { dotnetBytes } from "./guid.ts";
import type { RheaDelivery, Sender, Typed } from "./rhea.ts";

const SETTLED_BY_SENDER = 1;

/** Serves a link on which a client receives. */
export class OutgoingLink implements Consumer {
  readonly mode: ReceiveMode;
  readonly sessionId: string | undefined;
  readonly #broker: Broker;
  readonly #entity: Entity;
  readonly #link: Sender;
  readonly #dispositions: Dispositions;
  readonly #lockTokens = new Map<RheaDelivery, string>();
  /** Deliveries plus credit of the last flow. rhea's own credit still counts messages that rhea has not sent yet. */
  #limit = 0;
  #deliveryCount = 0;
  #isOpen = true;

  constructor(broker: Broker, entity: Entity, link: Sender, dispositions: Dispositions, sessionId: string | undefined) {
    this.#broker = broker;
    this.#entity = entity;
    this.#link = link;
    this.#dispositions = dispositions;
    this.sessionId = sessionId;
    this.mode = link.snd_settle_mode === SETTLED_BY_SENDER ? "receiveAndDelete" : "peekLock";
    this.#listen();
    entity.addConsumer(this);
  }

  credit(): number {
    return Math.min(this.#limit - this.#deliveryCount, this.#link.session.outgoing.available());
  }

  deliver(delivery: Delivery): void {
    this.#deliveryCount++;
    const payload = encodeDelivery(delivery);
    const { token } = delivery.lock ?? {};
    if (token !== undefined) {
      this.#lockTokens.set(this.#link.send(payload, dotnetBytes(token), 0), token);
      return;
    }
    // A message that is deleted on receipt is sent after its deletion is on disk.
    this.#broker.whenDurable(() => {
      if (this.#isOpen) this.#link.send(payload, undefined, 0);
    });
  }

  onSessionLockLost(): void {
    this.#isOpen = false;
    this.#link.close(sessionLockLost(this.sessionId ?? ""));
  }

  /** The link or its connection is closed. Locks on messages remain, the lock on a session ends. */
  onClose(): void {
    this.#isOpen = false;
    // Unsettled deliveries of a closed link would fill the buffer of its session.
    for (const delivery of this.#lockTokens.keys()) {
      delivery.settled = true;
      delivery.remote_settled = true;
    }
    this.#entity.removeConsumer(this);
  }

  #listen(): void {
    const link = this.#link;
    link._get_drain = () => takeDrain(link);
    link.on("sender_flow", () => {
      // rhea sends messages before it answers an attach that came in the same turn.
      link.connection._process();
      this.#limit = link.delivery_count + link.credit;
      this.#entity.dispatch();
      if (link._draining)
        this.#broker.whenDurable(() => {
          this.#drain();
        });
    });
    link.on("accepted", ({ delivery }) => {
      this.#settle(delivery, () => ({ kind: "complete" }));
    });
    link.on("released", ({ delivery }) => {
      this.#settle(delivery, () => ({ kind: "release" }));
    });
    link.on("modified", ({ delivery }) => {
      this.#settle(delivery, () => modification(delivery));
    });
    link.on("rejected", ({ delivery }) => {
      this.#settle(delivery, () => rejection(delivery));
    });
  }

  #settle(delivery: RheaDelivery, settlement: () => Settlement): void {
    const token = this.#lockTokens.get(delivery);
    if (token === undefined) return;
    this.#lockTokens.delete(delivery);
    try {
      const isLocked = this.#entity.run((queue) => queue.settle(token, settlement()));
      if (!isLocked) throw messageLockLost();
      this.#broker.whenDurable(() => {
        this.#dispositions.accept(delivery);
      });
    } catch (error) {
      // An error that leaves an event of rhea ends the process.
      this.#dispositions.reject(delivery, asBrokerError(error));
    }
  }

  #drain(): void {
    if (!this.#isOpen) return;
    // Messages that rhea has not sent yet use their credit before the drain takes the rest.
    this.#link.connection._process();
    this.#deliveryCount = this.#limit;
    this.#link.set_drained(true);
    this.#link.connection._register();
  }
}

/** rhea answers no drain when no credit is left; a client without an answer waits, then closes its link. */
function takeDrain(link: Sender): boolean {
  if (!link._draining || !link._drained) return false;
  link.delivery_count += link.credit;
  link.credit = 0;
  return true;
}

/** Fields of the outcome `modified`: delivery-failed, undeliverable-here, message-annotations. */
function modification(delivery: RheaDelivery): Settlement {
  const [, isDeferred, annotations] = delivery.remote_state?.value ?? [];
  const overrides = overridesOf(entriesOf(annotations));
  return isDeferred?.value === true ? { kind: "defer", overrides } : { kind: "abandon", overrides };
}

/** Fields of the error in the outcome `rejected`: condition, description, info. */
function rejection(delivery: RheaDelivery): Settlement {
  const error = delivery.remote_state?.value[0]?.value;
  const info = new Map(entriesOf(Array.isArray(error) ? (error[2] as Typed | undefined) : undefined));
  const reason = info.get("DeadLetterReason")?.value;
  const description = info.get("DeadLetterErrorDescription")?.value;
  info.delete("DeadLetterReason");
  info.delete("DeadLetterErrorDescription");
  const deadLetter = {
    ...(typeof reason === "string" ? { reason } : {}),
    ...(typeof description === "string" ? { description } : {}),
  };
  return { kind: "deadLetter", deadLetter, overrides: overridesOf([...info]) };
}

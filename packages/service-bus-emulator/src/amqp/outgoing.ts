import type { Broker } from "../broker.ts";
import type { Consumer, Entity } from "../entity.ts";
import type { Delivery, Overrides, ReceiveMode, Settlement } from "../message.ts";
import { ACCEPTED, rejected } from "./answers.ts";
import { asRefusal, messageLockLost, sessionLockLost } from "./errors.ts";
import { types } from "./rhea.ts";
import type { RemoteOutcome, Sender, Typed } from "./rhea.ts";
import type { Recipient, Transfer, Transfers } from "./transfers.ts";
import { encodeDelivery } from "./write-delivery.ts";

const SETTLED_BY_SENDER = 1;

/** Serves a link on which a client receives. */
export class OutgoingLink implements Consumer, Recipient {
  readonly mode: ReceiveMode;
  readonly sessionId: string | undefined;
  readonly #broker: Broker;
  readonly #entity: Entity;
  readonly #link: Sender;
  readonly #transfers: Transfers;
  /** Deliveries so far plus credit: how far the client lets us go. rhea's own credit lags behind what it was given to send. */
  #limit = 0;
  #deliveryCount = 0;
  #isOpen = true;

  constructor(broker: Broker, entity: Entity, link: Sender, sessionId: string | undefined) {
    this.#broker = broker;
    this.#entity = entity;
    this.#link = link;
    this.#transfers = link.session.outgoing as Transfers;
    this.sessionId = sessionId;
    this.mode = link.snd_settle_mode === SETTLED_BY_SENDER ? "receiveAndDelete" : "peekLock";
    this.#listen();
    entity.join(this);
  }

  credit(): number {
    return Math.min(this.#limit - this.#deliveryCount, this.#transfers.available());
  }

  deliver(delivery: Delivery): void {
    this.#deliveryCount++;
    const payload = encodeDelivery(delivery);
    const { token } = delivery.lock ?? {};
    if (token !== undefined) {
      this.#transfers.deliver(this.#link, payload, token, this);
      return;
    }
    // What is deleted on receipt must be gone for good before it is out of our hands.
    this.#broker.whenDurable(() => {
      if (this.#isOpen) this.#link.send(payload, undefined, 0);
    });
  }

  loseSession(): void {
    this.#isOpen = false;
    this.#link.close(sessionLockLost(this.sessionId ?? ""));
  }

  /** The link or its connection is gone. Locks on messages stay, a lock on a session does not. */
  leave(): void {
    this.#isOpen = false;
    this.#transfers.forget(this.#link);
    this.#entity.leave(this);
  }

  #listen(): void {
    const link = this.#link;
    link._get_drain = () => takeDrain(link);
    link.on("sender_flow", () => {
      this.#limit = link.delivery_count + link.credit;
      this.#entity.handOut();
      if (link._draining)
        this.#broker.whenDurable(() => {
          this.#drain();
        });
    });
  }

  /** An error that left this would end the process. */
  onOutcome(transfers: readonly Transfer[], outcome: RemoteOutcome, isSettled: boolean): void {
    const answer = (transfer: Transfer, word: Typed) => {
      if (!isSettled) this.#transfers.answer(transfer, word);
    };
    try {
      const settlement = settlementOf(outcome);
      const lost = this.#settle(transfers, settlement);
      this.#broker.whenDurable(() => {
        for (const transfer of transfers) answer(transfer, lost.has(transfer) ? rejected(messageLockLost()) : ACCEPTED);
      });
    } catch (error) {
      for (const transfer of transfers) answer(transfer, rejected(asRefusal(error)));
    }
  }

  /** Those whose lock was lost are given back. */
  #settle(transfers: readonly Transfer[], settlement: Settlement): Set<Transfer> {
    return this.#entity.run(
      (queue) => new Set(transfers.filter(({ lockToken }) => lockToken && !queue.settle(lockToken, settlement))),
    );
  }

  #drain(): void {
    if (!this.#isOpen) return;
    // What was handed to rhea before must use its credit up first.
    this.#link.connection._process();
    this.#deliveryCount = this.#limit;
    this.#link.set_drained(true);
    this.#link.connection._register();
  }
}

/** A drain is answered even when no credit is left: a client that gets no answer waits, then gives its link up. */
function takeDrain(link: Sender): boolean {
  if (!link._draining || !link._drained) return false;
  link.delivery_count += link.credit;
  link.credit = 0;
  return true;
}

function settlementOf(outcome: RemoteOutcome): Settlement {
  switch (outcome.constructor.composite_type) {
    case "accepted":
      return { kind: "complete" };
    case "modified":
      return modification(outcome);
    case "rejected":
      return rejection(outcome);
    default:
      return { kind: "release" };
  }
}

/** Fields of the outcome `modified`: delivery-failed, undeliverable-here, message-annotations. */
function modification({ value: [, isDeferred, annotations] }: RemoteOutcome): Settlement {
  const overrides = encodedEntries(annotations);
  return isDeferred?.value === true ? { kind: "defer", overrides } : { kind: "abandon", overrides };
}

/** Fields of the error in the outcome `rejected`: condition, description, info. */
function rejection({ value }: RemoteOutcome): Settlement {
  const error = value[0]?.value;
  const info = Array.isArray(error) ? (error[2] as Typed | undefined) : undefined;
  const { DeadLetterReason: reason, DeadLetterErrorDescription: description } = texts(info);
  const { DeadLetterReason: _, DeadLetterErrorDescription: __, ...overrides } = encodedEntries(info) ?? {};
  const deadLetter = {
    ...(reason === undefined ? {} : { reason }),
    ...(description === undefined ? {} : { description }),
  };
  return { kind: "deadLetter", deadLetter, overrides: Object.keys(overrides).length > 0 ? overrides : undefined };
}

/** Values are encoded again with the types that they came with. */
function encodedEntries(map: Typed | undefined): Overrides | undefined {
  const entries = pairs(map).map(([name, value]) => {
    const writer = new types.Writer();
    writer.write(value);
    return [name, writer.toBuffer()] as const;
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function texts(map: Typed | undefined): Record<string, string | undefined> {
  return Object.fromEntries(
    pairs(map).map(([name, { value }]) => [name, typeof value === "string" ? value : undefined]),
  );
}

function pairs(map: Typed | undefined): [string, Typed][] {
  const items = Array.isArray(map?.value) ? (map.value as Typed[]) : [];
  const result: [string, Typed][] = [];
  for (let index = 0; index + 1 < items.length; index += 2) {
    const [name, value] = [items[index], items[index + 1]];
    if (name && value) result.push([String(name.value), value]);
  }
  return result;
}

import type { Broker } from "../broker.ts";
import type { Entity } from "../entity.ts";
import { noSessionInTime, noSessions, sessionCannotBeLocked, sessionRequired, unknownEntity } from "./errors.ts";
import { OutgoingLink } from "./outgoing.ts";
import { types } from "./rhea.ts";
import type { Sender } from "./rhea.ts";

const SESSION_FILTER = "com.microsoft:session-filter";
const TIMEOUT = "com.microsoft:timeout";
const DEFAULT_SESSION_WAIT_MS = 60_000;

/** What has to happen when the link or its connection goes. */
export type Leave = () => void;

/** Opens a link on which a client receives: at once, or when a session is free for one that wants any. Throws a Refusal. */
export function attachReceiver(broker: Broker, path: string, link: Sender): Leave {
  const entity = broker.entity(path);
  if (!entity) throw unknownEntity(path, broker.paths());
  link.local.attach["snd_settle_mode"] = link.snd_settle_mode;
  link.local.attach["rcv_settle_mode"] = link.rcv_settle_mode;
  link.local.attach["max_message_size"] = 0;

  const filter = link.source?.filter ?? {};
  if (!(SESSION_FILTER in filter)) {
    if (entity.queue.requiresSession) throw sessionRequired(path);
    link.set_source({ address: link.source?.address });
    return open(new OutgoingLink(broker, entity, link, undefined));
  }
  if (!entity.queue.requiresSession) throw noSessions(path);
  const wanted = filter[SESSION_FILTER];
  if (typeof wanted !== "string") return awaitSession(broker, entity, link);
  const accepted = entity.run((queue, now) => queue.acceptSession(wanted, now));
  if (accepted === undefined) throw sessionCannotBeLocked(wanted);
  return openSession(broker, entity, link, accepted);
}

const open =
  (outgoing: OutgoingLink): Leave =>
  () => {
    outgoing.leave();
  };

/** Keeps the client waiting for our half of the attach until a session is free or its time is up. */
function awaitSession(broker: Broker, entity: Entity, link: Sender): Leave {
  const waitMs = Number(link.properties?.[TIMEOUT] ?? DEFAULT_SESSION_WAIT_MS);
  const answerAttach = holdAttach(link);
  let leave: Leave = () => {
    stopWaiting();
    clearTimeout(timer);
    answerAttach();
  };
  const timer = setTimeout(() => {
    leave();
    leave = () => undefined;
    link.close(noSessionInTime());
  }, waitMs);
  const stopWaiting = entity.awaitSession((sessionId) => {
    clearTimeout(timer);
    leave = openSession(broker, entity, link, sessionId);
    answerAttach();
  });
  entity.handOut();
  return () => {
    leave();
  };
}

function openSession(broker: Broker, entity: Entity, link: Sender, sessionId: string): Leave {
  const until = entity.queue.sessions.heldUntil(sessionId) ?? 0;
  link.set_source({ address: link.source?.address, filter: { [SESSION_FILTER]: sessionId } });
  link.local.attach["properties"] = { "com.microsoft:locked-until-utc": types.wrap_long(ticks(until)) };
  return open(new OutgoingLink(broker, entity, link, sessionId));
}

/** rhea answers an attach by itself in the next turn: taking the answer from its list and putting it back later delays it. */
function holdAttach(link: Sender): () => void {
  link.state.open_requests--;
  return () => {
    link.state.open_requests++;
    link.connection._register();
  };
}

/** .NET's time: units of 100 ns since the year 1, which no double holds. */
function ticks(epochMs: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(epochMs) * 10_000n + 621_355_968_000_000_000n);
  return bytes;
}

import type { Broker } from "../broker.ts";
import type { Entity } from "../entity.ts";
import type { Dispositions } from "./dispositions.ts";
import { noSessionInTime, noSessions, sessionCannotBeLocked, sessionRequired, unknownEntity } from "./errors.ts";
import { OutgoingLink } from "./outgoing.ts";
import type { Sender } from "./rhea.ts";
import { types } from "./rhea.ts";

const SESSION_FILTER = "com.microsoft:session-filter";
const TIMEOUT = "com.microsoft:timeout";
const DEFAULT_SESSION_WAIT_MS = 60_000;

/** Runs when the link or its connection closes. */
export type OnClose = () => void;

/** Opens a link on which a client receives. A client that accepts any session waits for one. Throws a BrokerError. */
export function attachReceiver(broker: Broker, path: string, link: Sender, dispositions: Dispositions): OnClose {
  const entity = broker.entity(path);
  if (!entity) throw unknownEntity(path, broker.paths());
  link.local.attach["snd_settle_mode"] = link.snd_settle_mode;
  link.local.attach["rcv_settle_mode"] = link.rcv_settle_mode;
  link.local.attach["max_message_size"] = 0;

  const filter = link.source?.filter ?? {};
  if (!(SESSION_FILTER in filter)) {
    if (entity.queue.requiresSession) throw sessionRequired(path);
    link.set_source({ address: link.source?.address });
    return open(new OutgoingLink(broker, entity, link, dispositions, undefined));
  }
  if (!entity.queue.requiresSession) throw noSessions(path);
  const wanted = filter[SESSION_FILTER];
  if (typeof wanted !== "string") return waitForSession(broker, entity, link, dispositions);
  const accepted = entity.run((queue, now) => queue.acceptSession(wanted, now));
  if (accepted === undefined) throw sessionCannotBeLocked(wanted);
  return openSession(broker, entity, link, dispositions, accepted);
}

const open =
  (outgoing: OutgoingLink): OnClose =>
  () => {
    outgoing.onClose();
  };

/** Delays the answer to the attach until a session is free or the client's time is up. */
function waitForSession(broker: Broker, entity: Entity, link: Sender, dispositions: Dispositions): OnClose {
  const waitMs = Number(link.properties?.[TIMEOUT] ?? DEFAULT_SESSION_WAIT_MS);
  const answerAttach = holdAttach(link);
  let onClose: OnClose = () => {
    stopWaiting();
    clearTimeout(timer);
    answerAttach();
  };
  const timer = setTimeout(() => {
    onClose();
    onClose = () => undefined;
    link.close(noSessionInTime());
  }, waitMs);
  const stopWaiting = entity.waitForSession((sessionId) => {
    clearTimeout(timer);
    onClose = openSession(broker, entity, link, dispositions, sessionId);
    answerAttach();
  });
  entity.dispatch();
  return () => {
    onClose();
  };
}

function openSession(
  broker: Broker,
  entity: Entity,
  link: Sender,
  dispositions: Dispositions,
  sessionId: string,
): OnClose {
  const until = entity.queue.sessions.lockedUntil(sessionId) ?? 0;
  link.set_source({ address: link.source?.address, filter: { [SESSION_FILTER]: sessionId } });
  link.local.attach["properties"] = { "com.microsoft:locked-until-utc": types.wrap_long(ticks(until)) };
  return open(new OutgoingLink(broker, entity, link, dispositions, sessionId));
}

/**
 * rhea answers an attach by itself in the next turn. This takes the answer off its list; the returned function puts it
 * back.
 */
function holdAttach(link: Sender): () => void {
  link.state.open_requests--;
  return () => {
    link.state.open_requests++;
    link.connection._register();
  };
}

/** The time of .NET: units of 100 ns since the year 1, more than a double holds. */
function ticks(epochMs: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(epochMs) * 10_000n + 621_355_968_000_000_000n);
  return bytes;
}

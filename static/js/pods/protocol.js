/**
 * Frames of the portal's WebSocket (docs/contract.md) and what each close code asks of the browser.
 *
 * Pure: text in, values out. Fields that are not known here are ignored, and so are unknown types;
 * text that is no frame at all is an error, because ignoring it would hide a gap.
 */

export const SUBPROTOCOL = 'k8sportal.v1';

export class FrameError extends Error {}

/**
 * Reads one text frame.
 *
 * @param {string} text
 * @returns {object|null} the frame with its defaults filled in, null for a type that is not known
 * @throws {FrameError} where the text is no JSON object, or lacks what its type must have
 */
export function parseFrame(text) {
  let frame;
  try {
    frame = JSON.parse(text);
  } catch (error) {
    throw new FrameError('The frame is not JSON.', { cause: error });
  }
  return readFrame(frame);
}

/**
 * The same of a frame that is read already: answers over HTTP hold some.
 *
 * @throws {FrameError} where it is no object, or lacks what its type must have
 */
export function readFrame(frame) {
  if (frame === null || typeof frame !== 'object' || Array.isArray(frame)) {
    throw new FrameError('The frame is not an object.');
  }
  return Object.hasOwn(READERS, frame.type) ? READERS[frame.type](frame) : null;
}

const READERS = {
  snapshot(frame) {
    requireText(frame, 'namespace', 'token');
    const whole = frame.part === undefined;
    return {
      type: 'snapshot',
      namespace: frame.namespace,
      token: frame.token,
      pods: list(frame.pods),
      rollouts: list(frame.rollouts),
      part: whole ? null : frame.part,
      first: whole || frame.part === 1,
      last: whole || frame.last === true,
    };
  },
  delta(frame) {
    requireText(frame, 'namespace', 'token');
    return {
      type: 'delta',
      namespace: frame.namespace,
      token: frame.token,
      upsert: list(frame.upsert),
      remove: list(frame.remove),
      rollouts: list(frame.rollouts),
    };
  },
  feed(frame) {
    requireText(frame, 'namespace', 'state');
    return {
      type: 'feed',
      namespace: frame.namespace,
      state: frame.state,
      since: frame.since ?? null,
      code: frame.reason_code ?? null,
      params: frame.params ?? {},
      reason: frame.reason ?? '',
      now: frame.now ?? null,
      token: frame.token ?? null,
      version: frame.version ?? null,
    };
  },
  log(frame) {
    requireText(frame, 'token');
    const lines = list(frame.lines).map(([time, text]) => ({ time: time ?? null, text: String(text) }));
    return { type: 'log', token: frame.token, lines };
  },
  log_state(frame) {
    requireText(frame, 'state');
    return {
      type: 'log_state',
      state: frame.state,
      code: frame.reason_code ?? null,
      params: frame.params ?? {},
      reason: frame.reason ?? '',
    };
  },
  error(frame) {
    return {
      type: 'error',
      namespace: frame.namespace ?? null,
      code: String(frame.code ?? ''),
      params: frame.params ?? {},
      message: frame.message ?? '',
      final: frame.final === true,
    };
  },
};

function requireText(frame, ...fields) {
  for (const field of fields) {
    if (typeof frame[field] !== 'string') {
      throw new FrameError(`A ${frame.type} frame lacks "${field}".`);
    }
  }
}

function list(value) {
  return Array.isArray(value) ? value : [];
}

/** The text of an acknowledgement; `part` only for a part of a snapshot. */
export function ackFrame({ namespace, token, part }) {
  const ack = { type: 'ack', namespace, token };
  if (part !== null && part !== undefined) {
    ack.part = part;
  }
  return JSON.stringify(ack);
}

/**
 * What the browser does after a close.
 *
 * `again`: `soon` (a restart: within a second or two, jittered), `backoff` (exponential), `later`
 * (the portal asked for room: half a minute or more), `never`. `outcome` names the lasting state;
 * `forget`: the reader may not see the rows any more.
 */
const CLOSE_RULES = new Map([
  [1000, { again: 'never', outcome: 'closed' }],
  [1001, { again: 'soon' }],
  [1002, { again: 'never', outcome: 'broken' }],
  [1003, { again: 'never', outcome: 'broken' }],
  [1007, { again: 'never', outcome: 'broken' }],
  [1009, { again: 'never', outcome: 'broken' }],
  [1011, { again: 'backoff' }],
  [1012, { again: 'soon' }],
  [1013, { again: 'later', outcome: 'overloaded' }],
  [4400, { again: 'never', outcome: 'bad_request' }],
  [4401, { again: 'never', outcome: 'signed_out', forget: true }],
  [4403, { again: 'never', outcome: 'forbidden', forget: true }],
  [4404, { again: 'never', outcome: 'not_found', forget: true }],
  [4408, { again: 'soon' }],
  [4426, { again: 'later', outcome: 'other_version' }],
  [4429, { again: 'later', outcome: 'too_many' }],
]);

const BROKEN_LINE = { again: 'backoff' };

/** The rule of a close code; codes that are not known here count as a broken line. */
export function closeRule(code) {
  return CLOSE_RULES.get(code) ?? BROKEN_LINE;
}

/** An `error`, where rows were shown until it came: those are not refused but taken away. */
export function taken(error, shown) {
  return shown && error.code === 'forbidden' ? { ...error, code: 'rights_taken' } : error;
}

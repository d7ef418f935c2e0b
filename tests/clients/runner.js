// Runs scenarios (see README.md) with whatever WebSocket it is given: a browser's or that of a package.

const patience = 30_000;

/** Asks the test for one scenario after the other and tells how each went. */
export async function serve(test, client, WebSocket) {
  for (;;) {
    const next = await fetch(`${test}/next/${client}`);
    if (next.status !== 200) return;
    const steps = await next.json();
    let fault = null;
    try {
      await run(steps, WebSocket, (name, argument) => tell(`${test}/do/${name}`, argument));
    } catch (e) {
      fault = e.message;
    }
    await tell(`${test}/done/${client}`, { fault });
  }
}

async function tell(url, body) {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  return text;
}

async function run(steps, WebSocket, ask) {
  const names = {};
  let connection;
  try {
    for (const [i, step] of steps.entries()) {
      const [kind, argument] = Object.entries(step)[0];
      try {
        connection = (await kinds[kind](argument, { WebSocket, ask, names, connection })) ?? connection;
      } catch (e) {
        throw new Error(`step ${i}, ${JSON.stringify(step)}: ${e.message}`);
      }
    }
  } finally {
    connection?.socket.close();
  }
}

const kinds = {
  connect: async (protocol, { WebSocket, ask }) => {
    const url = await ask('address', null);
    const connection = open(protocol ? new WebSocket(url, protocol) : new WebSocket(url));
    await connection.opened;
    equal(protocol ?? '', connection.socket.protocol);
    return connection;
  },
  send: (message, { connection, names }) => connection.socket.send(JSON.stringify(fill(message, names))),
  sendText: (text, { connection }) => connection.socket.send(text),
  sendBinary: (bytes, { connection }) => connection.socket.send(new Uint8Array(bytes)),
  sendLong: (length, { connection }) => connection.socket.send('x'.repeat(length)),
  expect: async (frame, { connection, names }) => {
    const found = await connection.next();
    const difference = differs(frame, found, names);
    if (difference) throw new Error(`${difference} in ${JSON.stringify(found)}`);
  },
  expectAll: async (frames, { connection, names }) => {
    const left = [...frames];
    while (left.length > 0) {
      const found = await connection.next();
      const at = left.findIndex((frame) => differs(frame, found, names) === null);
      if (at < 0) throw new Error(`not expected: ${JSON.stringify(found)}`);
      left.splice(at, 1);
    }
  },
  nothing: async (_, { connection, names }) => {
    connection.socket.send('{"type":"ping"}');
    await kinds.expect({ type: 'pong' }, { connection, names });
  },
  close: async (code, { connection }) => {
    connection.socket.close(code);
    await connection.closed();
  },
  expectClose: async (code, { connection }) => equal(code, await connection.closed()),
  publish: async (argument, { ask }) => void (await ask('publish', argument)),
  remove: async (channel, { ask }) => void (await ask('remove', channel)),
  restart: async (how, { ask }) => void (await ask('restart', how)),
};

function open(socket) {
  const frames = [];
  let code = null;
  let wake = () => {};
  socket.onmessage = (e) => {
    const frame = JSON.parse(e.data);
    if (frame.type !== 'ping') frames.push(frame);
    wake();
  };
  const opened = new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onclose = (e) => {
      code = e.code;
      reject(new Error(`closed with ${e.code}`));
      wake();
    };
    // What went wrong is told by the close that follows.
    socket.onerror = () => {};
  });

  async function until(isThere, what) {
    const end = Date.now() + patience;
    while (!isThere()) {
      const left = end - Date.now();
      if (left <= 0) throw new Error(`waited ${patience / 1000} s for ${what}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  return {
    socket,
    opened,
    next: async () => {
      await until(() => frames.length > 0 || code !== null, 'a frame');
      if (frames.length === 0) throw new Error(`closed with ${code}`);
      return frames.shift();
    },
    closed: async () => {
      await until(() => code !== null, 'the close');
      if (frames.length > 0) throw new Error(`not expected: ${JSON.stringify(frames)}`);
      return code;
    },
  };
}

function equal(expected, found) {
  if (expected !== found) throw new Error(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}

/** What was captured takes the place of its name. */
function fill(value, names) {
  if (typeof value === 'string' && value.startsWith('$')) return names[value.slice(1)];
  if (value === null || typeof value !== 'object') return value;
  return Array.isArray(value) ? value.map((v) => fill(v, names)) : Object.fromEntries(Object.entries(value).map(([name, v]) => [name, fill(v, names)]));
}

/** The rules of FrameMatch.cs. */
function differs(expected, found, names, at = '$') {
  if (expected === '*') return null;
  if (typeof expected === 'string' && expected.startsWith('$')) {
    const name = expected.slice(1);
    if (!(name in names)) {
      names[name] = found;
      return null;
    }
    expected = names[name];
  }
  if (!isObject(expected) || !isObject(found)) {
    return JSON.stringify(expected) === JSON.stringify(found) ? null : `${at}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`;
  }
  for (const [name, value] of Object.entries(expected)) {
    if (name === '...') continue;
    const difference = name in found ? differs(value, found[name], names, `${at}.${name}`) : `${at}.${name} is missing`;
    if (difference) return difference;
  }
  const others = '...' in expected ? [] : Object.keys(found).filter((name) => !(name in expected));
  return others.length === 0 ? null : `${at}: not expected: ${others.join(', ')}`;
}

function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

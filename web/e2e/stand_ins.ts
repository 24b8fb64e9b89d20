// Servers of others that the product talks to, as small as the tests need: a translator and a mail server.
import { createServer as http, type Server as Http } from 'node:http';
import { createServer as tcp, type Server as Tcp, type Socket } from 'node:net';

async function listening(server: Http | Tcp): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the stand-in has no port');
  return address.port;
}

/** A LibreTranslate that puts the language before each word; a text with `untranslatable` it refuses. */
export async function translator(): Promise<{ url: string; close: () => void }> {
  const languages = ['en', 'fr', 'es', 'de'];
  const server = http((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const say = (status: number, answer: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      };
      if (request.url?.startsWith('/languages')) {
        return say(200, languages.map((code) => ({ code, name: code, targets: languages.filter((one) => one !== code) })));
      }
      const { q, target } = JSON.parse(body) as { q: string; target: string };
      if (q.includes('untranslatable')) return say(400, { error: 'no' });
      say(200, { translatedText: q.split(' ').map((word) => (/\[\[/u.test(word) || !/\p{L}/u.test(word) ? word : `${target}-${word}`)).join(' ') });
    });
  });
  const port = await listening(server);
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}

/** A CRM that knows everybody by telephone number, as customers of the plan Gold. */
export async function crm(): Promise<{ url: string; close: () => void }> {
  const server = http((request, response) => {
    const phone = new URL(request.url ?? '/', 'http://crm').searchParams.get('phone') ?? '';
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ plan: `Gold ${phone.slice(-2)}`, since: '2019' }));
  });
  const port = await listening(server);
  return { url: `http://127.0.0.1:${port}/customers`, close: () => void server.close() };
}

/** A mail server that takes everything, except for `refused@…`. */
export async function mailbox(): Promise<{ port: number; close: () => void }> {
  const server = tcp((line: Socket) => {
    let letter = false;
    let rest = '';
    const say = (text: string): void => void line.write(`${text}\r\n`);
    say('220 mail.example.com');
    line.on('error', () => undefined);
    line.on('data', (part) => {
      rest += part.toString();
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const text = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (letter) {
          if (text !== '.') continue;
          letter = false;
          say('250 taken');
        } else if (/^EHLO|^HELO/iu.test(text)) say('250 mail.example.com');
        else if (/^RCPT.*refused@/iu.test(text)) say('550 no such mailbox');
        else if (/^DATA/iu.test(text)) {
          letter = true;
          say('354 go on');
        } else if (/^QUIT/iu.test(text)) {
          say('221 bye');
          line.end();
        } else say('250 well');
      }
    });
  });
  return { port: await listening(server), close: () => void server.close() };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = tcp();
  const port = await listening(server);
  await new Promise((done) => server.close(done));
  return port;
}

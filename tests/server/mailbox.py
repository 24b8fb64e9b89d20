"""A mail server for the tests that nobody here wrote (aiosmtpd), read by a parser that nobody here wrote (Python's email).

Prints its port, then one JSON object a line: every command RCPT TO, and every letter taken apart. What it does with a letter
stands in the address: `later` is put off once, `never` refused, `silent` taken without a word and the connection cut.
With `--login` it takes letters only from the user `desk` with the password `right`.
"""
import asyncio
import base64
import email
import email.policy
import json
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def say(**what):
    print(json.dumps(what), flush=True)


def part(it):
    content = it.get_payload(decode=True) or b""
    return {
        "type": it.get_content_type(),
        "disposition": it.get_content_disposition(),
        "filename": it.get_filename(),
        "cid": it["Content-ID"],
        "headers": str(it.items()),
        "text": it.get_content() if it.get_content_maintype() == "text" else None,
        "bytes": base64.b64encode(content).decode(),
    }


def tree(it):
    if it.is_multipart():
        return [it.get_content_type()] + [tree(child) for child in it.iter_parts()]
    return it.get_content_type()


class Box:
    def __init__(self):
        self.asked = {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        self.asked[address] = self.asked.get(address, 0) + 1
        say(what="rcpt", address=address)
        if name == "never":
            return "550 5.1.1 no such mailbox"
        if name == "later" and self.asked[address] == 1:
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        it = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say(
            what="letter",
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            headers=dict(it.items()),
            tree=tree(it),
            parts=[part(child) for child in it.walk() if not child.is_multipart()],
            attachments=len(list(it.iter_attachments())),
            defects=[str(defect) for child in it.walk() for defect in child.defects],
        )
        if envelope.rcpt_tos[0].startswith("silent@"):
            server.transport.abort()
            return "250 nobody hears this"
        return "250 OK"


def login(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"desk", b"right"), handled=False)


async def main():
    box = Box()
    settings = {"auth_required": True, "auth_require_tls": False, "authenticator": login}
    settings = settings if "--login" in sys.argv else {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, hostname="mail.test", **settings), "127.0.0.1", 0)
    say(what="port", port=server.sockets[0].getsockname()[1])
    # It ends with the test that started it: then its input closes.
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())

"""A mail server that takes everything, at the pace of a real one: ``python -m tests.load.sink PORT``."""

from __future__ import annotations

import asyncio
import sys

# What a server some milliseconds away needs for its yes to a message.
THINKS = 0.02


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async def say(text: str) -> None:
        writer.write(text.encode() + b"\r\n")
        await writer.drain()

    await say("220 sink")
    while line := await reader.readline():
        match line[:4].upper():
            case b"EHLO" | b"HELO":
                await say("250 sink")
            case b"DATA":
                await say("354 go on")
                while (part := await reader.readline()) and part != b".\r\n":
                    pass
                await asyncio.sleep(THINKS)
                await say("250 2.0.0 Ok")
            case b"QUIT":
                await say("221 bye")
                break
            case _:
                await say("250 2.0.0 Ok")
    writer.close()


async def serve(port: int) -> None:
    server = await asyncio.start_server(_talk, "127.0.0.1", port, limit=1 << 20)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))

"""balance.py PORT...: a load balancer in front of hubs on loopback, by connection.

Prints its own port. A connection goes to the next hub that takes one; it ends when
either side ends it. For tests alone.
"""
import asyncio
import itertools
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def connect(turn, count):
    for port in itertools.islice(turn, count):
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            pass
    return None


async def main(ports):
    turn = itertools.cycle(ports)

    async def serve(reader, writer):
        hub = await connect(turn, len(ports))
        if hub is None:
            writer.close()
            return
        await asyncio.gather(pump(reader, hub[1]), pump(hub[0], writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main([int(port) for port in sys.argv[1:]]))

"""A WebSocket relay: what one client says, all others hear."""

import asyncio, http, json, os, signal

from websockets.asyncio.server import broadcast, serve

clients = set()


async def hear(client):
    clients.add(client)
    try:
        async for message in client:
            broadcast(clients - {client}, message)
    finally:
        clients.discard(client)


def health(connection, request):
    """A plain GET of /health is the load balancer's; all else becomes a WebSocket."""
    if request.path == "/health":
        return connection.respond(http.HTTPStatus.OK, json.dumps({"clients": len(clients)}) + "\n")


async def main():
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set_result, None)
    async with serve(hear, "0.0.0.0", int(os.environ["PORT"]), process_request=health):
        await done  # leaving the block tells every client that the relay goes away


asyncio.run(main())

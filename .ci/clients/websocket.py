# A WebSocket client for .ci/websocket: the package websockets.
import asyncio, os, sys
import websockets

async def main(url):
    for compression in ["deflate", None]:
        async with websockets.connect(url, compression=compression, max_size=None, subprotocols=["echo"]) as ws:
            assert ws.subprotocol == "echo", ws.subprotocol
            for text in ["", "Hello", "κόσμε 😀", "x" * 1000, "long " * 400000]:
                await ws.send(text)
                assert await ws.recv() == text, len(text)
            for n in [0, 1, 125, 126, 65535, 65536, 3000000]:
                b = os.urandom(n)
                await ws.send(b)
                assert await ws.recv() == b, n
            await ws.send(["in ", "many ", "frag", "ments"])
            assert await ws.recv() == "in many fragments"
            pong = await ws.ping()
            receiving = asyncio.ensure_future(ws.recv())
            await asyncio.wait_for(pong, 10)
            receiving.cancel()
            await ws.close(4001, "enough")
            assert ws.close_code == 4001, ws.close_code
        async with websockets.connect(url, compression=compression) as ws:
            await ws.send("close 4002 gehört")
            try:
                await ws.recv()
                assert False
            except websockets.ConnectionClosed:
                assert (ws.close_code, ws.close_reason) == (4002, "gehört"), (ws.close_code, ws.close_reason)
        async with websockets.connect(url, compression=compression) as ws:
            try:
                await ws.send("y" * (20 << 20))
                await ws.recv()
                assert False
            except websockets.ConnectionClosed:
                assert ws.close_code == 1009, ws.close_code
    print("ok")

asyncio.run(asyncio.wait_for(main(sys.argv[1]), 120))

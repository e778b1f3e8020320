"""The doors: plain ASGI, because a framework's route costs half of its speed (measured).

`doors` decides which door; `hooks` takes webhooks; `services` forwards to what is behind; `http` answers and reads bodies.
"""

"""gunicorn -c config/deploy/gunicorn.conf.py app:app

Threads, not asyncio: attendees hold no streams, a pulse is one short request every 30 seconds.
"""

bind = "unix:/run/turnout/web.sock"
worker_class = "gthread"
workers = 4
threads = 32
preload_app = True
keepalive = 15
graceful_timeout = 20
timeout = 60
control_socket_disable = True

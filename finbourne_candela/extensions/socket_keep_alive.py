"""The socket options that keep connections alive: those of the core."""

from portal_client.transport.keep_alive import TCP_KEEP_CNT as TCP_KEEP_CNT
from portal_client.transport.keep_alive import TCP_KEEP_IDLE as TCP_KEEP_IDLE
from portal_client.transport.keep_alive import TCP_KEEPALIVE_INTERVAL as TCP_KEEPALIVE_INTERVAL
from portal_client.transport.keep_alive import keep_alive_socket_options as keep_alive_socket_options

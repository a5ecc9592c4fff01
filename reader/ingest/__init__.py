"""From the outside world to values: fetch, parse, clean, identify, discover. Bytes in, values out, no database.

``fetch``, ``address``, ``ttl``, ``discover`` and ``work`` are light to import; what parses and cleans pulls in
its libraries only when it is called, which happens in the CPU pool.
"""

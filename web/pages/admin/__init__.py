"""Pages of administrators: watching the queues, and steering them. For everybody else there is nothing here."""

from __future__ import annotations

from web.pages.admin import accounts, dead, feeds, jobs, queues, settings

MODULES = (queues, jobs, dead, feeds, accounts, settings)
ROUTES = [route for module in MODULES for route in module.ROUTES]

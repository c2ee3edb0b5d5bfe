"""Calendars and contact cards."""

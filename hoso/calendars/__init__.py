"""A calendar's year written by rule."""

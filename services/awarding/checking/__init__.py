"""Checking credentials for anybody: `POST /checks`, and what pages check with."""

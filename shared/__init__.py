"""The library that every function carries: settings, HTTP, security, the database and what is kept in it."""

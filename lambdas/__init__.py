"""Decisions that the platform makes while it runs, one package a handler."""

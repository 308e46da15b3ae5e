"""Tests of conex_client, which Go runs: go test ./python/pythontest"""

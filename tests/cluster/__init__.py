"""`make cluster`: the services of docker-compose.yml as plain processes on this machine."""

package main

deny contains $"{input.kind} {input.metadata.name} has {input.spec.replicas} replicas" if input.kind

deny contains $"missing: {input.missing}" if input.kind

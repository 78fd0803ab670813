"""Topics and users as Strimzi's resources, rendered from the registry and the access lists."""

package k8s.security.pods

import data.main.config

warn contains sprintf("max %v", [config.limits.max]) if true

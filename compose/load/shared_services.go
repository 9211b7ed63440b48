package load

import (
	"path"
	"slices"
	"strings"
)

// The images and service names of what both colours of an application usually share.
var (
	databases = strings.Fields("postgres postgresql postgis timescaledb mysql mariadb percona mongo mongodb redis valkey memcached rabbitmq kafka zookeeper " +
		"elasticsearch opensearch cassandra clickhouse clickhouse-server influxdb neo4j couchdb minio etcd consul vault nats")
	proxies       = strings.Fields("nginx nginx-proxy openresty traefik haproxy caddy envoy")
	tools         = strings.Fields("jenkins grafana prometheus adminer certbot")
	databaseNames = append(slices.Clone(databases), "db", "database")
	proxyNames    = append(slices.Clone(proxies), "proxy", "reverse-proxy", "edge")
)

// imageName is the last part of an image's name, without its tag and digest.
func imageName(ref string) string {
	name, _, _ := strings.Cut(path.Base(ref), "@")
	name, _, _ = strings.Cut(name, ":")
	return name
}

// IsSharedImage says whether an image is a database, a proxy or a tool, or a variant of one: redis-stack.
func IsSharedImage(ref string) bool {
	name := imageName(ref)
	word := name
	if end := strings.IndexAny(name, "-_"); end > 0 {
		word = name[:end]
	}
	for _, list := range [][]string{databases, proxies, tools} {
		if slices.Contains(list, name) || slices.Contains(list, word) {
			return true
		}
	}
	return false
}

// sharedKind says what an image or the name of a service stands for: "a database", "a proxy" or "".
func sharedKind(image, service string) string {
	switch image = imageName(image); {
	case slices.Contains(databaseNames, image), slices.Contains(databaseNames, service):
		return "a database"
	case slices.Contains(proxyNames, image), slices.Contains(proxyNames, service):
		return "a proxy"
	}
	return ""
}

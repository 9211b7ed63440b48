package load

import (
	"path"
	"slices"
	"strings"
)

// kind is what both colours of an application usually share, by the names of its images and of its services.
type kind struct {
	what     string // "a database"
	images   []string
	services []string // in addition to the images' names
}

var kinds = []kind{
	{"a database", strings.Fields("postgres postgresql postgis timescaledb pgvector mysql mariadb percona mongo mongodb elasticsearch opensearch " +
		"cassandra scylla clickhouse clickhouse-server influxdb neo4j couchdb cockroach minio etcd consul vault"), strings.Fields("db database")},
	{"a queue", strings.Fields("rabbitmq kafka zookeeper nats redpanda activemq mosquitto emqx pulsar beanstalkd"), strings.Fields("queue mq broker")},
	{"a cache", strings.Fields("redis valkey memcached keydb dragonfly varnish"), strings.Fields("cache")},
	{"a proxy", strings.Fields("nginx nginx-proxy nginx-proxy-manager acme-companion swag openresty traefik haproxy caddy caddy-docker-proxy envoy cloudflared"), strings.Fields("proxy reverse-proxy edge")},
}

// tools are images of neither colour that are not known by the name of a service.
var tools = strings.Fields("jenkins grafana prometheus adminer phpmyadmin pgadmin4 certbot portainer watchtower")

// imageName is the last part of an image's name, without its tag and digest.
func imageName(ref string) string {
	name, _, _ := strings.Cut(path.Base(ref), "@")
	name, _, _ = strings.Cut(name, ":")
	return name
}

// imageKind is what an image is by its name, or by the first word of it: redis-stack is a cache.
func imageKind(ref string) string {
	name := imageName(ref)
	word := name
	if end := strings.IndexAny(name, "-_"); end > 0 {
		word = name[:end]
	}
	for _, k := range kinds {
		if slices.Contains(k.images, name) || slices.Contains(k.images, word) {
			return k.what
		}
	}
	if slices.Contains(tools, name) || slices.Contains(tools, word) {
		return "a tool"
	}
	return ""
}

// IsSharedImage says whether an image is a database, a queue, a cache, a proxy or a tool, or a variant of one.
func IsSharedImage(ref string) bool { return imageKind(ref) != "" }

// SharedKind says what a service is that a deployment must not start a second time, by its image or its name: "a
// database", "a queue", "a cache", "a proxy", or "".
func SharedKind(image, service string) string {
	name := imageName(image)
	for _, k := range kinds {
		names := slices.Concat(k.images, k.services)
		if slices.Contains(names, name) || slices.Contains(names, service) {
			return k.what
		}
	}
	return ""
}

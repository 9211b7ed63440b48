// Package adopt recognises how an application is deployed today: it reads a folder's Compose files, nginx's files and the
// shell scripts beside them, and proposes the smallest bluegate.yml for that. It executes nothing and asks nobody.
package adopt

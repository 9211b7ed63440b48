// Package adopt detects how an application is deployed today. It reads the Compose files of a folder, nginx's files and
// the shell scripts next to them, and proposes the smallest bluegate.yml. It executes nothing and sends no request.
package adopt

// Package judge decides about a release by the requests that users made of it. It is pure: records of requests go in, and
// a verdict with its figures comes out. Where there is too little to go by, the verdict is CannotTell, and never a guess.
package judge

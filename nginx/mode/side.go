package mode

// Side is the variable with which a *_pass chooses between the two upstreams of a service in a canary: `proxy_pass
// http://was$bluegate_side;`. It is empty where a request goes to the live colour. The file of mode managed defines it.
const Side = "$bluegate_side"

// keyVariable has the value by which a client's colour is chosen. Without a canary it is empty.
const keyVariable = "$bluegate_key"

// sideSuffix is what Side holds where a request goes to the new colour. A host may have a hyphen, and no underscore.
const sideSuffix = "-new"

// sideCookie keeps a client on the new colour whose key changes.
const sideCookie = "bluegate_side"

/**
 * How a machine ends itself where its own shutdown would only stop it: by one call to Compute Engine, as the service account that
 * `gcp.self_delete` names. Nobody but an autodown runs it (`agent/power-off.ts`), and where it fails the machine is off all the same, and
 * the daemon's to delete. Pure.
 */
import { endsMachine } from "../../../machine/ends-machine.ts"
import type { FileOnMachine } from "../../rented/user-data.ts"

export const computeScope = "https://www.googleapis.com/auth/compute"

/** `endpoint`: of the API, with a slash at its end. cloud-init itself needs a Python, so every image has one. */
export const selfDelete = (endpoint: string): FileOnMachine => ({
  path: endsMachine,
  permissions: "0755",
  content: `#!/usr/bin/env python3
import json, os
from urllib.request import Request, urlopen
host = os.environ.get("GCE_METADATA_HOST", "metadata.google.internal")
def about(what):
    asked = Request(f"http://{host}/computeMetadata/v1/instance/{what}", headers={"Metadata-Flavor": "Google"})
    return urlopen(asked, timeout=5).read().decode()
token = json.loads(about("service-accounts/default/token"))["access_token"]
itself = ${JSON.stringify(endpoint)} + about("zone") + "/instances/" + about("name")
urlopen(Request(itself, method="DELETE", headers={"Authorization": "Bearer " + token}), timeout=10)
`
})

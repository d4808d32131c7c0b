/** Snapshots that disks are copied by on Compute Engine. */
import { describe } from "vitest"
import { copiesAreCleared } from "./copies.ts"
import { gcpScene } from "./gcp-scene.ts"

const { daemonOver, gce, one } = gcpScene()

describe("a snapshot that a disk is copied by", () => {
  copiesAreCleared({
    cloud: "gcp",
    region: "us-central1",
    makes: "disks.createSnapshot",
    looks: "snapshots.get",
    removal: { action: "snapshots.delete", refused: { reason: "forbidden" } },
    server: gce,
    one,
    daemonOver
  })
})

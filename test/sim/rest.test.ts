/** What a search had made beside machines: wherever that was, it goes, and what does not go at once is tried again and told of. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CloudError } from "../../daemon/clouds/Cloud.ts"
import { progressOf } from "../../daemon/queries/progress.ts"
import { offer } from "../fakes/facts.ts"
import { recordedIn, search, told } from "./search.ts"
import { pass, settle } from "./world.ts"

const launch = { clusterName: "a", task: { run: "1 0", resources: { ports: 8080 } } }
const named = { clusterName: "a" }
const silence = new CloudError({ kind: "Transient", code: "NoAnswer", message: "it did not answer" })
const denied = new CloudError({ kind: "Refused", code: "UnauthorizedOperation", message: "you may not" })
const noRoom = new CloudError({ kind: "Refused", code: "NoCapacity", message: "no machines left", want: "room" })
const at = (cloud: string, region: string) => ({ ...offer, cloud, region, zone: `${region}a` })
const [east, west, gcp] = [at("aws", "us-east-1"), at("aws", "us-west-2"), at("gcp", "us-central1")]

describe("what a search had made", () => {
  it.effect("is removed in the end although that failed once when it was over; who waited is told at once that no place gave it", () =>
    search(
      ({ ask, daemon, disk, outcome, row, world }) =>
        Effect.gen(function* () {
          world.lackAt = () => noRoom
          world.faults.set("clear", silence)
          yield* ask("l", "launch", launch)
          assert.deepNestedInclude(outcome("l"), { _tag: "failed", "error.tag": "ResourcesUnavailableError" })
          assert.deepStrictEqual([told(disk, "RestLeft"), told(disk, "ClusterGone")], [[], []])
          assert.strictEqual(row()?.trouble?.message, "it did not answer")
          world.faults.clear()
          yield* pass(daemon, "2 minutes")
          assert.deepStrictEqual([world.clearedIn, row()], [["gcp"], undefined])
          assert.deepStrictEqual(
            told(disk, "ClusterGone").map(({ reason }) => reason),
            ["it never came up"]
          )
        }),
      [gcp]
    )
  )
  it.effect("keeps nobody once it is known that it may not be removed", () =>
    search(
      ({ ask, disk, row, world }) =>
        Effect.gen(function* () {
          world.lackAt = () => noRoom
          world.faults.set("clear", denied)
          yield* ask("l", "launch", launch)
          assert.deepStrictEqual([row(), told(disk, "RestLeft").length], [undefined, 1])
          world.open.clear()
        }),
      [gcp]
    )
  )
  const passing = (play: Parameters<typeof search>[0]) =>
    search(
      (stage) => {
        stage.world.lackAt = ({ cloud }) => (cloud === "aws" ? noRoom : null)
        stage.world.noQuotaAt = ({ region }) => (region === west.region ? "none" : null)
        return play(stage)
      },
      [east, west, gcp]
    )
  it.effect("goes from where it was made, although the place that was chosen last was never asked", () =>
    passing(({ ask, row, world }) =>
      Effect.gen(function* () {
        yield* ask("l", "launch", launch)
        assert.deepStrictEqual([row()!.offer, world.clearedIn], [gcp, ["aws"]])
        yield* ask("d", "down", named)
        assert.deepStrictEqual(world.clearedIn, ["aws", "gcp"])
      })
    )
  )
  it.effect("and stays in a cloud that the search left goes with the cluster, and that is said", () =>
    passing(({ ask, daemon, disk, row, world }) =>
      Effect.gen(function* () {
        world.faults.set("clear aws", silence)
        yield* ask("l", "launch", launch)
        const left = recordedIn(disk).find(({ event }) => event._tag === "RestLeft")!
        assert.deepInclude(progressOf(left, daemon.log.world(), "a"), {
          detail: "what AWS has of it beside machines may still be there: it did not answer. It is removed with the cluster: sky down a"
        })
        yield* ask("d", "down", named)
        assert.deepStrictEqual([row()?.wanted, world.clearedIn.includes("aws")], ["gone", false])
        world.faults.clear()
        yield* pass(daemon, "2 minutes")
        assert.deepStrictEqual([row(), world.clearedIn.includes("aws"), world.clearedIn.includes("gcp")], [undefined, true, true])
      })
    )
  )
  it.effect("stays with the cluster that came to be in another place, although one did not answer before: it has that, too", () =>
    search(
      ({ daemon, row, send, world }) =>
        Effect.gen(function* () {
          world.lackAt = ({ zone }) => (zone === "a" ? silence : null)
          yield* send("l", "launch", launch)
          for (let minutes = 0; minutes < 20; minutes++) yield* pass(daemon, "1 minutes")
          assert.deepStrictEqual([row()!.offer!.zone, row()!.everUp], ["b", true])
          assert.deepStrictEqual([...world.open.values()], [["8080"]])
        }),
      ["a", "b"].map((zone) => ({ ...gcp, zone }))
    )
  )
  it.effect("and stays is said once, however often all places are asked", () =>
    search(
      ({ ask, daemon, disk, row, world }) =>
        Effect.gen(function* () {
          world.lackAt = () => noRoom
          yield* ask("l", "launch", { ...launch, retryUntilUp: true })
          assert.deepStrictEqual(told(disk, "RestLeft"), [])
          world.faults.set("clear", denied)
          for (const _ of [1, 2, 3]) yield* pass(daemon, "10 minutes")
          assert.isAbove(row()!.rounds, 3)
          assert.deepStrictEqual(
            told(disk, "RestLeft").map(({ cloud }) => cloud),
            ["gcp"]
          )
          world.faults.clear()
          yield* ask("d", "down", named)
          yield* settle(daemon)
          assert.isUndefined(row())
        }),
      [gcp]
    )
  )
})

/**
 * The instances that carry tags of ours, as EC2 lists them: one list for everybody who asks at a time, of all clusters of a log in a
 * region. A list may not have what was made a moment ago, nor what was ended an hour ago: what is missing in it is no proof of anything.
 */
import type { Filter, Instance } from "@aws-sdk/client-ec2"
import * as Effect from "effect/Effect"
import { sharedLists } from "../../rented/lists.ts"
import type { CloudError } from "../Cloud.ts"
import type { Aws } from "./client.ts"
import { allPages } from "./pages.ts"
import { tagNames } from "./tags.ts"

const pageSize = 1000
/** Values of one filter. */
const valuesMax = 200

type Answer = ReadonlyArray<Instance>

export const makeInstances = (aws: Aws) => {
  const list = Effect.fn("Instances.list")(function* (region: string, Filters: Array<Filter>) {
    const pages = yield* allPages(
      (from) => aws.ask(region, "DescribeInstances", (ec2, asked) => ec2.describeInstances({ Filters, ...from }, asked)),
      pageSize
    )
    return pages.flatMap(({ Reservations = [] }): Answer => Reservations.flatMap(({ Instances = [] }) => Instances))
  })
  const by = Effect.fn("Instances.by")(function* (region: string, Name: string, values: ReadonlyArray<string>) {
    const found: Array<Instance> = []
    for (let at = 0; at < values.length; at += valuesMax)
      found.push(...(yield* list(region, [{ Name, Values: values.slice(at, at + valuesMax) }])))
    return found as Answer
  })
  const byTag = (region: string, name: string, values: ReadonlyArray<string>) => by(region, `tag:${name}`, values)

  const ofLogs = sharedLists((key) => {
    const [region, log] = key.split(" ") as [string, string]
    return byTag(region, tagNames.log, [log])
  })

  return {
    /** Of a log, in a region. */
    ofLog: (region: string, log: string): Effect.Effect<Answer, CloudError> => ofLogs(`${region} ${log}`),
    ofTokens: (region: string, tokens: ReadonlyArray<string>) => byTag(region, tagNames.token, tokens),
    /** Whatever tags they carry. */
    ofIds: (region: string, ids: ReadonlyArray<string>) => by(region, "instance-id", ids),
    /** By EC2's own word that it has no such instance: that a list lacks it is none. */
    hasNone: (region: string, id: string): Effect.Effect<boolean, CloudError> =>
      aws
        .ask(region, "DescribeInstances", (ec2, asked) => ec2.describeInstances({ InstanceIds: [id] }, asked))
        .pipe(
          Effect.as(false),
          Effect.catchIf(
            ({ code }) => code === "InvalidInstanceID.NotFound" || code === "InvalidInstanceID.Malformed",
            () => Effect.succeed(true)
          )
        ),
    /** Of any log, whoever's. */
    ofAnyone: (region: string) => list(region, [{ Name: "tag-key", Values: [tagNames.log] }]),
    /** Of all logs that a state folder has had. */
    ofFolder: (region: string, folder: string) => byTag(region, tagNames.folder, [folder])
  }
}
export type Instances = ReturnType<typeof makeInstances>

/**
 * Whether what the user has named in `config.yaml` is there, in the regions that a launch may go to: said before a launch, in the words in
 * which a region refuses it. One region that has it is enough; where nobody says, a launch finds out. Of the others no place is offered.
 */
import * as Effect from "effect/Effect"
import { plural } from "../../../task/plural.ts"
import { joined } from "../../../task/sentence.ts"
import { misnamed } from "../../rented/errors.ts"
import { keptOf } from "../../rented/kept.ts"
import { type Cloud, CloudError } from "../Cloud.ts"
import type { Offered } from "../Offered.ts"
import type { Aws } from "./client.ts"
import type { Groups } from "./groups.ts"
import { vpcsIn } from "./network.ts"
import type { AwsSettings } from "./settings.ts"
import { vpcFor } from "./subnets.ts"

type Names = Pick<AwsSettings, "securityGroupName" | "vpcName">

const keptFor = "5 minutes"
/** Of what is lacking, as long as there are other regions: a search asks for places again and again. */
const lackKeptFor = "1 minute"
/** Who asks waits no longer for regions that do not answer. */
const lookMaxMs = 5_000

const wayOn = "Mend it there, or name another region: which can be used says sky check aws"

/** What a region says; null: it has it. */
type Answer = CloudError | "unknown" | null
type Answers = ReadonlyArray<readonly [region: string, answer: Answer]>

/** The last one had all but that. */
const byHowFar = ["VPCIdNotSpecified", "InvalidVpcID.NotFound", "InvalidGroup.NotFound"]

const regionsOf = (answers: Answers, is: (answer: Answer) => boolean) => answers.flatMap(([region, answer]) => (is(answer) ? [region] : []))
const isLack = (answer: Answer): answer is CloudError => answer instanceof CloudError

/** Of those that had most the usual region, and which others can be used or cannot, whichever are fewer. Undefined: all can. */
const lackIn = (answers: Answers, home: string) => {
  const whys = answers.flatMap(([region, why]) => (isLack(why) ? [{ region, why }] : []))
  const howFar = ({ region, why }: (typeof whys)[number]) => byHowFar.indexOf(why.code) * 2 + Number(region === home)
  const first = whys.toSorted((a, b) => howFar(b) - howFar(a))[0]
  if (first === undefined) return undefined
  const { code, message } = first.why
  const can = regionsOf(answers, (answer) => answer === null)
  const others = regionsOf(answers, isLack).filter((region) => region !== first.region)
  const isKnown = can.length > 0 && can.length + whys.length === answers.length
  if (isKnown && can.length < whys.length) return { code, message: `${message}; only ${joined(can)} can be used` }
  if (others.length === 0) return { code, message }
  return { code, message: `${message}; nor can ${isKnown ? joined(others) : `${plural(others.length, "more region")}`} be used` }
}

export const makeOwnNames = Effect.fn("OwnNames.make")(function* (aws: Aws, groups: Pick<Groups, "named">) {
  const whyNotAt = Effect.fn("OwnNames.whyNotAt")(function* (key: string) {
    const [region, vpcName, securityGroupName] = JSON.parse(key) as [string, string | null, string | null]
    const vpcId = vpcFor(yield* vpcsIn(aws, region), { vpcName }, region)
    if (vpcId instanceof CloudError) return vpcId
    if (securityGroupName === null) return null
    return yield* groups.named(region, vpcId, securityGroupName).pipe(
      Effect.as(null),
      Effect.catchIf(({ code, kind }) => kind === "Refused" && byHowFar.includes(code), Effect.succeed)
    )
  })
  const { of } = yield* keptOf(aws.fingerprint, whyNotAt, (why) => (why === null ? keptFor : 0))
  const answerTo = (key: string): Effect.Effect<Answer> =>
    of(key).pipe(
      Effect.timeoutOrElse({ duration: lookMaxMs, orElse: () => Effect.succeed("unknown" as const) }),
      Effect.orElseSucceed(() => "unknown" as const)
    )
  const { of: lately } = yield* keptOf(aws.fingerprint, answerTo, (answer) => (isLack(answer) ? lackKeptFor : 0))
  const answersOf = <E>(
    ask: (key: string) => Effect.Effect<Answer, E>,
    { securityGroupName, vpcName }: Names,
    regions: ReadonlyArray<string>
  ): Effect.Effect<Answers, E> =>
    Effect.forEach(
      regions,
      (region) => Effect.map(ask(JSON.stringify([region, vpcName, securityGroupName])), (answer) => [region, answer] as const),
      { concurrency: "unbounded" }
    )
  const isNamed = ({ securityGroupName, vpcName }: Names) => securityGroupName !== null || vpcName !== null
  /** Without the places in regions that say that they have it not; where that leaves none, none is said so by what was known before. */
  const offersIn = Effect.fn("OwnNames.offersIn")(function* (names: Names, offered: Offered): Effect.fn.Return<Offered> {
    const regions = [...new Set(offered.offers.flatMap(({ region }) => region ?? []))]
    if (!isNamed(names) || regions.length === 0) return offered
    const known = yield* answersOf(lately, names, regions)
    const answers = known.every(([, answer]) => isLack(answer)) ? yield* answersOf(answerTo, names, regions) : known
    const lacking = new Set(regionsOf(answers, isLack))
    const offers = offered.offers.filter(({ region }) => !lacking.has(region ?? ""))
    if (offers.length > 0) return { ...offered, offers }
    return { offers, reason: lackIn(answers, yield* aws.home)!.message, isMistaken: true, hint: wayOn }
  })
  return {
    /** Fails where none of the regions has it; the first one that has it is waited for, and no other. */
    areThere: Effect.fn("OwnNames.areThere")(function* (names: Names, regions: ReadonlyArray<string>) {
      if (!isNamed(names) || regions.length === 0) return
      const lacking = (key: string) =>
        Effect.flatMap(answerTo(key), (answer) => (isLack(answer) ? Effect.succeed(answer) : Effect.fail("has it" as const)))
      const answers = yield* Effect.orElseSucceed(answersOf(lacking, names, regions), () => null)
      if (answers === null) return
      const { code, message } = lackIn(answers, yield* aws.home)!
      return yield* misnamed(code, message)
    }),
    /** Where some have it: which have not. */
    warnings: Effect.fn("OwnNames.warnings")(function* (names: Names, regions: ReadonlyArray<string>) {
      if (!isNamed(names)) return []
      const answers = yield* answersOf(answerTo, names, regions)
      const lack = lackIn(answers, yield* aws.home)
      return lack === undefined || answers.every(([, answer]) => isLack(answer)) ? [] : [lack.message]
    }),
    offersBy:
      (settings: Effect.Effect<Names, CloudError>, offers: Cloud["offers"]): Cloud["offers"] =>
      (task) =>
        Effect.zipWith(offers(task), Effect.option(settings), (offered, own) => [offered, own] as const).pipe(
          Effect.flatMap(([offered, own]) => (own._tag === "None" ? Effect.succeed(offered) : offersIn(own.value, offered)))
        )
  }
})

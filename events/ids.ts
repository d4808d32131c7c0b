/** Names that appear in facts, branded so that a node's token can never be passed where a cluster's id is expected. */
import * as Schema from "effect/Schema"
import { clusterNamePattern } from "../task/names.ts"

const Ulid = Schema.String.check(Schema.isPattern(/^[0-9A-HJKMNP-TV-Z]{26}$/))

/** What the user calls a cluster. A name is used again after its cluster is gone; histories never mix, because streams go by id. */
export const ClusterName = Schema.String.check(Schema.isPattern(clusterNamePattern)).pipe(Schema.brand("ClusterName"))
export type ClusterName = typeof ClusterName.Type

export const ClusterId = Ulid.pipe(Schema.brand("ClusterId"))
export type ClusterId = typeof ClusterId.Type

/** The client's idempotency key; the operation that it starts is known by it for ever. */
export const OperationId = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/)).pipe(Schema.brand("OperationId"))
export type OperationId = typeof OperationId.Type

/** What we call a gang of machines before the cloud has named them: makes the cloud call idempotent. */
export const NodeToken = Ulid.pipe(Schema.brand("NodeToken"))
export type NodeToken = typeof NodeToken.Type

/** A node's name: the token that it was asked for under, and its rank. What its cloud calls the machine is `host`. */
export const NodeId = Schema.NonEmptyString.pipe(Schema.brand("NodeId"))
export type NodeId = typeof NodeId.Type

/** The node of a rank. */
export const nodeOf = (token: NodeToken, rank: number) => `${token}-${rank}` as NodeId
/** And back. */
export const tokenOf = (node: string) => node.slice(0, node.lastIndexOf("-")) as NodeToken

/** Which journal of which agent an observation was copied from. */
export const JournalId = Ulid.pipe(Schema.brand("JournalId"))
export type JournalId = typeof JournalId.Type

/** 1, 2, … per cluster. */
export const JobId = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)).pipe(Schema.brand("JobId"))
export type JobId = typeof JobId.Type

/** Position in the log. The first event is 1; 0 means before everything. */
export const Seq = Schema.Natural.pipe(Schema.brand("Seq"))
export type Seq = typeof Seq.Type

/**
 * Whether it is AWS that has answered. A proxy, a gateway or a login page on the way answers with pages of its own, whatever their status,
 * and the SDK reads a page without what it looks for as a list of nothing.
 */
import type { EC2 } from "@aws-sdk/client-ec2"

export const notAws = "NotAws"

/** All that its answers have in common is how they begin: `<DescribeInstancesResponse`, whatever comes before it. */
const rootOf = (text: string): string | undefined => /^\uFEFF?(?:\s|<\?[^>]*>|<!--.*?-->)*<(?:\w+:)?(\w+)[\s/>]/s.exec(text)?.[1]

const bytesOf = async (body: AsyncIterable<Uint8Array> | Uint8Array): Promise<Uint8Array> => {
  if (body instanceof Uint8Array) return body
  const chunks: Array<Uint8Array> = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

interface Response {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  body: AsyncIterable<Uint8Array> | Uint8Array
}

const foreign = (httpStatusCode: number | undefined, headers: Response["headers"] = {}) =>
  Object.assign(new Error(notAws), { name: notAws, $metadata: { httpStatusCode }, $response: { headers } })

/** Before the SDK reads it. What an error is it says by itself: one that AWS has not named has no code. */
export const ownAnswersOnly = <Client extends { readonly middlewareStack: unknown }>(client: Client): Client => {
  const stack = client.middlewareStack as EC2["middlewareStack"]
  stack.add(
    (next, { commandName = "" }) =>
      async (args) => {
        const result = await next(args)
        const response = result.response as Response
        if (response.statusCode >= 300) return result
        response.body = await bytesOf(response.body)
        if (rootOf(Buffer.from(response.body).toString("utf8")) !== commandName.replace(/Command$/, "Response"))
          throw foreign(response.statusCode, response.headers)
        return result
      },
    { name: "ownAnswersOnly", step: "deserialize", priority: "low" }
  )
  return client
}

/** A list names itself, also where nothing is in it: without it nothing is said of what there is. */
export const ownList = <A>(what: string, answer: A): A => {
  const { $metadata, NextToken: _, ...list } = answer as { readonly $metadata?: { readonly httpStatusCode?: number }; NextToken?: string }
  if (what.startsWith("Describe") && Object.keys(list).length === 0) throw foreign($metadata?.httpStatusCode)
  return answer
}

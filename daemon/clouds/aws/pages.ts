/** Lists of EC2's come in pages: that a thing is not on the first one says nothing. */
import * as Effect from "effect/Effect"
import type { CloudError } from "../Cloud.ts"

/** Less than what any call takes, but for those that say so. */
const pageSize = 500

interface From {
  readonly MaxResults: number
  readonly NextToken?: string
}

export const allPages = Effect.fnUntraced(function* <Page extends { readonly NextToken?: string | undefined }>(
  page: (from: From) => Effect.Effect<Page, CloudError>,
  MaxResults = pageSize
) {
  const pages: Array<Page> = []
  for (let from: From = { MaxResults }; ; ) {
    const found = yield* page(from)
    pages.push(found)
    if (!found.NextToken) return pages as ReadonlyArray<Page>
    from = { MaxResults, NextToken: found.NextToken }
  }
})

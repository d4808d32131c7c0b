/** How EC2 says that it does not take the credentials, whatever is asked: they are wrong, have expired, or are none. Pure. */
export const notTaken = [
  "AuthFailure",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "MissingAuthenticationToken",
  "SignatureDoesNotMatch",
  "ExpiredToken",
  "ExpiredTokenException",
  "RequestExpired",
  "UnrecognizedClientException",
  "CredentialsProviderError",
  "TokenProviderError"
]

/**
 * Amazon Bedrock. Sources: docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html (AWS_BEARER_TOKEN_BEDROCK,
 * sent as a bearer token to the region's endpoints); AWS SDKs read the region from AWS_REGION, botocore from
 * AWS_DEFAULT_REGION (boto3.amazonaws.com, configuration), and the endpoint of the service `bedrock` from
 * AWS_ENDPOINT_URL_BEDROCK (docs.aws.amazon.com/sdkref, service-specific endpoints). ListFoundationModels costs
 * nothing. Access key pairs are another kind of credential.
 */
import { llmProvider } from "../../src/providers/llm.ts";

const SETUP = "https://console.aws.amazon.com/bedrock/home#/api-keys";

export const amazonBedrock = llmProvider({
  id: "amazon-bedrock",
  title: "Amazon Bedrock",
  aliases: ["bedrock"],
  variables: ["AWS_BEARER_TOKEN_BEDROCK"],
  companions: [
    {
      name: "region",
      variables: ["AWS_REGION", "AWS_DEFAULT_REGION"],
      pattern: /^[a-z]{2,3}(?:-[a-z]+)+-\d{1,2}$/,
      example: "us-east-1",
    },
  ],
  hosts: ["bedrock.*.amazonaws.com", "bedrock-runtime.*.amazonaws.com"],
  setupUrl: SETUP,
  keyShape: {
    // github.com/gitleaks/gitleaks config/gitleaks.toml: long-term and short-term keys
    pattern: /^(?:ABSK|bedrock-api-key-)/,
    usually: "starts with ABSK or, a short-term one, with bedrock-api-key-",
  },
  baseUrlVariable: "AWS_ENDPOINT_URL_BEDROCK",
  baseUrl: "https://bedrock.{region}.amazonaws.com",
  apiBaseUrl: "https://bedrock-runtime.{region}.amazonaws.com",
  path: "/foundation-models",
  auth: "authorization",
  proof: "modelSummaries",
  rules: [
    {
      // The policy of the key's IAM user decides: github.com/BerriAI/litellm/pull/39166
      status: 403,
      where: { Message: /is not authorized to perform/i, message: /is not authorized to perform/i },
      verdict: "restricted",
      message: "the key works, but its policy does not allow listing models",
    },
    {
      status: 403,
      where: { Message: /expired/i, message: /expired/i },
      verdict: "rejected",
      message: "this key has expired",
      hint: `create a new one at ${SETUP}`,
    },
    {
      // github.com/anomalyco/opencode/issues/47073, github.com/ai4s-research/open-science/issues/53
      status: 403,
      verdict: "rejected",
      message: "Amazon Bedrock does not accept this key in this region",
      hint: `check the key and its region, or create one at ${SETUP}`,
    },
  ],
});

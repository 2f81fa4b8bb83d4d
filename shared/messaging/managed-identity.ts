// On its own for the same reason as the Service Bus client.
export { ManagedIdentityCredential } from "@azure/identity";

import { matching, text, url, type Setting } from "./setting.ts";

/** The Azure services beside the database: Service Bus, Storage, Web PubSub. */
export const AZURE_SERVICES_SETTINGS = {
  SERVICE_BUS: text({
    about:
      "Connection string of the Service Bus namespace that carries waiting runs. Without this or the next one they are carried inside each process.",
    secret: true,
  }),
  SERVICE_BUS__fullyQualifiedNamespace: text({
    about: "The same by name (`<namespace>.servicebus.windows.net`), entered with the app's managed identity.",
  }),
  SERVICE_BUS__clientId: text({ about: "Client id of that identity when it is a user-assigned one." }),
  AzureWebJobsStorage: text({
    about:
      "Connection string of the storage account: the Functions host's, and the app's for the archive of the ledger and for backups.",
    secret: true,
  }),
  AzureWebJobsStorage__accountName: text({
    about: "The same by the account's name, entered with the app's managed identity.",
  }),
  AzureWebJobsStorage__clientId: text({ about: "Client id of that identity when it is a user-assigned one." }),
  WEB_PUBSUB: matching(
    /^(?=.*\bEndpoint=https?:\/\/)(?=.*\bAccessKey=[^;])/i,
    "Endpoint=https://….webpubsub.azure.com;AccessKey=…;Version=1.0;",
    {
      about:
        "Connection string of the Web PubSub service that brings live events to browsers. Without this or the next one they poll.",
      secret: true,
    },
  ),
  WEB_PUBSUB__endpoint: url(["https"], {
    about: "The same by address (`https://<name>.webpubsub.azure.com`), entered with the app's managed identity.",
  }),
  WEB_PUBSUB__clientId: text({ about: "Client id of that identity when it is a user-assigned one." }),
  WEB_PUBSUB_HUB: matching(/^[A-Za-z][A-Za-z0-9_]{0,127}$/, "a letter, then letters, digits or _, at most 128", {
    about: "The hub of the service; apps that share one need one each.",
    fallback: "rota",
  }),
} satisfies Record<string, Setting<unknown>>;

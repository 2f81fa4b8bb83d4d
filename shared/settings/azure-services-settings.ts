import { matching, type Setting, text, url } from "./setting.ts";

/** The Azure services beside the database: Service Bus, Storage, Web PubSub. */
export const AZURE_SERVICES_SETTINGS = {
  SERVICE_BUS: text({
    about:
      "Connection string of the Service Bus namespace whose queues carry waiting runs. Without SERVICE_BUS or SERVICE_BUS__fullyQualifiedNamespace each process dispatches its own runs.",
    secret: true,
  }),
  SERVICE_BUS__fullyQualifiedNamespace: text({
    about:
      "Instead of SERVICE_BUS: name of the namespace (`<namespace>.servicebus.windows.net`), accessed with the app's managed identity.",
  }),
  SERVICE_BUS__clientId: text({ about: "Client id of the managed identity, when it is a user-assigned one." }),
  AzureWebJobsStorage: text({
    about:
      "Connection string of the storage account: for the Functions host, the archive of the ledger, documents and backups.",
    secret: true,
  }),
  AzureWebJobsStorage__accountName: text({
    about: "Instead of AzureWebJobsStorage: name of the storage account, accessed with the app's managed identity.",
  }),
  AzureWebJobsStorage__clientId: text({ about: "Client id of the managed identity, when it is a user-assigned one." }),
  WEB_PUBSUB: matching(
    /^(?=.*\bEndpoint=https?:\/\/)(?=.*\bAccessKey=[^;])/i,
    "Endpoint=https://….webpubsub.azure.com;AccessKey=…;Version=1.0;",
    {
      about:
        "Connection string of the Web PubSub service that sends live events to browsers. Without WEB_PUBSUB or WEB_PUBSUB__endpoint browsers poll.",
      secret: true,
    },
  ),
  WEB_PUBSUB__endpoint: url(["https"], {
    about:
      "Instead of WEB_PUBSUB: address of the service (`https://<name>.webpubsub.azure.com`), accessed with the app's managed identity.",
  }),
  WEB_PUBSUB__clientId: text({ about: "Client id of the managed identity, when it is a user-assigned one." }),
  WEB_PUBSUB_HUB: matching(/^[A-Za-z][A-Za-z0-9_]{0,127}$/, "a letter, then letters, digits or _, at most 128", {
    about: "Hub of the Web PubSub service. Apps that share a service need different hubs.",
    fallback: "rota",
  }),
} satisfies Record<string, Setting<unknown>>;

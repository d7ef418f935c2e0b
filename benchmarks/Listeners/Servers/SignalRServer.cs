using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace StreamEngine.Benchmarks;

/// <summary>SignalR with its JSON protocol: each update is sent to all clients.</summary>
internal static class SignalRServer
{
    public const string Path = "/updates";

    public static (WebApplication App, PublishUpdate Publish) Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSignalR();
        var app = builder.Build();
        app.MapHub<UpdatesHub>(Path);
        var clients = app.Services.GetRequiredService<IHubContext<UpdatesHub>>().Clients.All;
        return (app, (_, data) => clients.SendAsync("update", JsonElement.Parse(data)).GetAwaiter().GetResult());
    }
}

/// <summary>Clients only listen.</summary>
internal sealed class UpdatesHub : Hub;

using System.CommandLine;
using StreamEngine.Host.Running;

namespace StreamEngine.Host.Cli;

/// <summary>The verbs and options of <c>streamengine</c>.</summary>
internal static class CommandLine
{
    private static readonly Argument<string?> FileArgument = MakeFile();

    private static readonly Option<string[]> SetOption = new("--set")
    {
        Description = "Overrides one setting, such as --set providers.mlb.throttle.perMinute=30. May be given several times.",
        HelpName = "path=value",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string?> UrlsOption = new("--urls")
    {
        Description = "Where to listen, separated by semicolons; port 0 takes a free one. Wins over ASPNETCORE_URLS, which wins over server.urls.",
        HelpName = "urls",
    };

    private static readonly Option<bool> QuietOption = new("--quiet", "-q") { Description = "Prints no status line." };

    private static readonly Option<string> LogOption = Choice("--log", "How logs are written to stderr.", "text", "json");

    /// <summary>Parses the command line and does what it says.</summary>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> InvokeAsync(string[] args)
    {
        var result = Root(args).Parse(args);
        if (result.Errors.Count > 0)
        {
            foreach (var message in result.Errors.Select(e => e.Message).Distinct())
            {
                await Console.Error.WriteLineAsync($"streamengine: {message}").ConfigureAwait(false);
            }

            await Console.Error.WriteLineAsync("Run 'streamengine --help' for the verbs and options.").ConfigureAwait(false);
            return ExitCodes.Usage;
        }

        // The run handles signals itself: the library would end it after two seconds, in the middle of a drain.
        return await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }).ConfigureAwait(false);
    }

    private static Argument<string?> MakeFile() => new("FILE")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The pipeline to read. Default: pipeline.json in the current folder, else the one beside the program.",
        Validators =
        {
            // Otherwise a mistyped option would be taken for a file that isn't there.
            result =>
            {
                if (result.Tokens is [{ Value: ['-', ..] } token])
                {
                    result.AddError($"there is no option '{token.Value}'");
                }
            },
        },
    };

    private static RootCommand Root(string[] args)
    {
        var root = new RootCommand("Reads providers, merges what they say into one trusted record, and pushes it to everyone who listens.");
        var run = new Command("run", "Runs a pipeline (the default verb).");
        foreach (var command in new[] { root, run })
        {
            var file = MakeFile();
            command.Arguments.Add(file);
            command.Options.Add(UrlsOption);
            command.Options.Add(SetOption);
            command.Options.Add(QuietOption);
            command.Options.Add(LogOption);
            command.SetAction((result, _) => RunCommand.ExecuteAsync(new RunOptions(
                result.GetValue(file),
                result.GetValue(UrlsOption),
                result.GetValue(SetOption) ?? [],
                result.GetValue(QuietOption),
                result.GetValue(LogOption) == "json")));
        }

        root.Subcommands.Add(run);
        root.Subcommands.Add(Validate());
        root.Subcommands.Add(Schema());
        root.Subcommands.Add(Graph());
        root.Subcommands.Add(Plan());
        root.Subcommands.Add(Redrive());
        root.Subcommands.Add(Map());
        root.Subcommands.Add(Explain());
        root.Subcommands.Add(ProviderSim());

        // The file of the default verb has no place in the usage of the others.
        root.Arguments[0].Hidden = root.Subcommands.Any(verb => args.Contains(verb.Name));
        return root;
    }

    private static Command Validate()
    {
        var command = new Command("validate", "Reads a pipeline and all files it names, without touching the network, and reports every fault.");
        command.Arguments.Add(FileArgument);
        command.Options.Add(SetOption);
        command.SetAction(result => ValidateCommand.Execute(result.GetValue(FileArgument), result.GetValue(SetOption) ?? []));
        return command;
    }

    private static Command Schema()
    {
        var reference = new Option<bool>("--reference") { Description = "Prints the reference of all settings (Markdown) instead." };
        var command = new Command("schema", "Prints the JSON schema of a pipeline file, for editors.");
        command.Options.Add(reference);
        command.SetAction(result => SchemaCommand.Execute(result.GetValue(reference)));
        return command;
    }

    private static Command Graph()
    {
        var format = Choice("--format", "The language the graph is written in.", "mermaid", "dot");
        var command = new Command("graph", "Draws a pipeline: its blocks, their types, and which of them share a stage.");
        command.Arguments.Add(FileArgument);
        command.Options.Add(SetOption);
        command.Options.Add(format);
        command.SetAction(result => GraphCommand.Execute(result.GetValue(FileArgument), result.GetValue(SetOption) ?? [], result.GetValue(format) == "dot"));
        return command;
    }

    private static Command Plan()
    {
        var command = new Command("plan", "Says, without touching the network, what the sources will ask of each provider and whether its limits suffice. Fails when they don't.");
        command.Arguments.Add(FileArgument);
        command.Options.Add(SetOption);
        command.SetAction(result => PlanCommand.Execute(result.GetValue(FileArgument), result.GetValue(SetOption) ?? []));
        return command;
    }

    private static Command Redrive()
    {
        var letters = new Argument<string>("DEADLETTERS") { Description = "The dead-letter file, such as data/dead-letter.jsonl. What fails again, or can't be fed back, is in it afterwards." };
        var command = new Command("redrive", "Feeds dead letters back through a pipeline after what was wrong has been mended. Stop the pipeline first: both would write to the same files.");
        command.Arguments.Add(letters);
        command.Arguments.Add(FileArgument);
        command.Options.Add(SetOption);
        command.SetAction((result, _) => RedriveCommand.ExecuteAsync(result.GetValue(letters)!, result.GetValue(FileArgument), result.GetValue(SetOption) ?? []));
        return command;
    }

    private static Command Map()
    {
        var map = new Argument<string>("MAP") { Description = "The mapping, such as maps/scorebook.json." };
        var payload = new Argument<string>("PAYLOAD") { Description = "A file with one payload of the provider; - reads it from the standard input." };
        var command = new Command("map", "Shows the records that a mapping makes of a payload, and for a field without a value which step of its path found nothing.");
        command.Arguments.Add(map);
        command.Arguments.Add(payload);
        command.Arguments.Add(FileArgument);
        command.Options.Add(SetOption);
        command.SetAction((result, _) => MapCommand.ExecuteAsync(result.GetValue(map)!, result.GetValue(payload)!, result.GetValue(FileArgument), result.GetValue(SetOption) ?? []));
        return command;
    }

    private static Command Explain()
    {
        var key = new Argument<string>("KEY") { Description = "The key of a merged record, such as player:mlb:660271." };
        var url = new Option<string>("--url") { Description = "The running host.", HelpName = "url", DefaultValueFactory = _ => ExplainCommand.DefaultUrl };
        var json = new Option<bool>("--json") { Description = "Prints the answer as the host gives it." };
        var command = new Command("explain", "Asks a running host why a merged record says what it says: per field who won, what decided, and what the others said.");
        command.Arguments.Add(key);
        command.Options.Add(url);
        command.Options.Add(json);
        command.SetAction((result, _) => ExplainCommand.ExecuteAsync(result.GetValue(key)!, result.GetValue(url)!, result.GetValue(json)));
        return command;
    }

    private static Command ProviderSim()
    {
        var file = new Argument<string>("FILE") { Description = "The provider's settings, such as pipelines/provider-sim/sim.json." };
        var command = new Command("provider-sim", "Pretends to be a provider that counts every request, and goes wrong as its settings say; to try a pipeline against. Fails when its limits were exceeded.");
        command.Arguments.Add(file);
        command.Options.Add(SetOption);
        command.Options.Add(QuietOption);
        command.SetAction((result, _) => ProviderSimCommand.ExecuteAsync(result.GetValue(file)!, result.GetValue(SetOption) ?? [], result.GetValue(QuietOption)));
        return command;
    }

    private static Option<string> Choice(string name, string description, params string[] values)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => values[0] };
        option.AcceptOnlyFromAmong(values);
        return option;
    }
}

using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Transforms.Score;

/// <summary>
/// Says of every record how far it can be trusted: a score from 0 to 1, a level (high from 0.8, medium from 0.5, else low; invalid
/// when a required field is missing or invalid, or a rule is broken) and the reasons. A number outside its declared range is taken out
/// and marked invalid.
/// </summary>
public sealed record ScoreOptions : TransformOptions
{
    /// <summary>How much each part counts; only their proportion matters.</summary>
    public ScoreWeights Weights { get; init; } = new();

    /// <summary>Age at which a record's freshness has fallen to one half; twice that age gives a quarter, and so on.</summary>
    [Between("1s", "30d")]
    public Duration HalfLife { get; init; } = Duration.Seconds(300);

    /// <summary>How long after its event time a record is received for its timeliness to have fallen to one half; twice that gives a quarter, and so on.</summary>
    [Between("1ms", "30d")]
    public Duration TimelyWithin { get; init; } = Duration.Seconds(60);

    /// <summary>Records that score less are marked: <c>low score</c> stands among the reasons of their quality, also where a merge takes values from them. 0 marks none.</summary>
    [Between("0", "1")]
    public double FlagBelow { get; init; }

    /// <summary>Records that score less go to the dead letter, by the parts that are known without a merge; 0 lets all through.</summary>
    [Between("0", "1")]
    public double DeadLetterBelow { get; init; }
}

/// <summary>How much each part of the score counts; only their proportion matters.</summary>
public sealed record ScoreWeights
{
    /// <summary>Share of the declared fields that have a value; required ones count double.</summary>
    [Between("0", "1000")]
    public double Completeness { get; init; } = 0.4;

    /// <summary>Share of the values and rules without a fault.</summary>
    [Between("0", "1000")]
    public double Validity { get; init; } = 0.3;

    /// <summary>One when the record is of this moment, one half at the half-life.</summary>
    [Between("0", "1000")]
    public double Freshness { get; init; } = 0.2;

    /// <summary>
    /// The reliability that the provider is declared with, times the share of about the source's last twenty requests that were answered; 0 while
    /// the source is frozen. What a source without a provider says, or one with <c>"clock": "event"</c>, is as reliable as declared.
    /// </summary>
    [Between("0", "1000")]
    public double Reliability { get; init; } = 0.1;

    /// <summary>One when the record was received at its event time, one half when <c>timelyWithin</c> later.</summary>
    [Between("0", "1000")]
    public double Timeliness { get; init; }

    /// <summary>Share of the source's last eight updates of the key that were neither refused nor took a count back; needs a <c>merge</c> behind this block.</summary>
    [Between("0", "1000")]
    public double Consistency { get; init; }

    /// <summary>
    /// Share of the values that other fresh sources give too, and about which they agree; left out where there are none to compare. Needs a
    /// <c>merge</c> behind this block.
    /// </summary>
    [Between("0", "1000")]
    public double Agreement { get; init; }

    /// <summary>How much the parts count together that are known from the record, its source and the time.</summary>
    internal double Known => Completeness + Validity + Freshness + Reliability + Timeliness;

    /// <summary>Whether a merge has to complete the score.</summary>
    internal bool NeedsMerge => Consistency > 0 || Agreement > 0;
}

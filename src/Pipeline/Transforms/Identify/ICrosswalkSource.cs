namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Where steps find the tables that are valid now, and leave word of what they know.</summary>
internal interface ICrosswalkSource
{
    /// <summary>The tables and overrides; another object when they have changed.</summary>
    Crosswalk Current { get; }

    /// <summary>Why changed files were not taken; null when all is well.</summary>
    string? Problem { get; }

    /// <summary>What the step that remembers ids knows; null until it knows anything.</summary>
    IdentityReport? Report { get; set; }
}

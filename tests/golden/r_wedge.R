# What R's lme4, pbkrtest (by lmerTest) and clubSandwich find for hospitals of the International Stroke Trial as a stepped
# wedge; read by test_golden_wedge.py. The first year of "treatment" is the tests' own, dealt by the hospitals' size.
# Rscript tests/golden/r_wedge.R ../shared/data/stroke_trial/IST.csv.gz > tests/golden/r_wedge.txt
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(clubSandwich)})
cat("#", R.version.string, paste("|", c("lme4", "lmerTest", "pbkrtest", "clubSandwich"), sapply(c("lme4", "lmerTest",
    "pbkrtest", "clubSandwich"), function(name) as.character(packageVersion(name)))), "\n")
trial <- read.csv(commandArgs(trailingOnly = TRUE)[1], fileEncoding = "latin1")
trial$year <- 1900 + as.integer(sub(".*-", "", trial$RDATE))
size <- sort(table(trial$HOSPNUM), decreasing = TRUE)
hospitals <- as.integer(names(size))[order(-as.integer(size), as.integer(names(size)))][1:14]
rows <- trial[trial$HOSPNUM %in% hospitals & !is.na(trial$RSBP), ]
rank <- match(rows$HOSPNUM, hospitals)
rows <- data.frame(y = rows$RSBP, year = factor(rows$year), hospital = factor(rows$HOSPNUM),
                   since = 1993 + rank %% 4, at = rows$year)
rows$treated <- as.integer(rows$at >= rows$since)
rows$exposure <- factor(ifelse(rows$treated == 1, rows$at - rows$since + 1, 0))
rows$cell <- interaction(rows$hospital, rows$year, drop = TRUE)
digits <- function(x) sprintf("%.17g", x)
line <- function(...) cat(paste(..., sep = ","), "\n", sep = "")
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 1e-3, rhoend = 1e-13, maxfun = 1e6),
                       check.conv.singular = "ignore")
told <- function(name, fit) {
  table <- coef(summary(fit, ddf = "Kenward-Roger"))
  for (term in rownames(table)) if (term != "(Intercept)") line(name, term, paste(digits(table[term, ]), collapse = ","))
  line(name, "REML", digits(as.numeric(REMLcrit(fit))))
  spread <- as.data.frame(VarCorr(fit))
  for (i in seq_len(nrow(spread))) line(name, paste("sd", spread$grp[i]), digits(spread$sdcor[i]))
}
told("random", lmer(y ~ treated + year + (1 | hospital), rows, control = control))
told("random exposure", lmer(y ~ exposure + year + (1 | hospital), rows, control = control))
told("nested", lmer(y ~ treated + year + (1 | hospital) + (1 | cell), rows, control = control))
robust <- function(name, formula) {
  fit <- lm(formula, rows)
  test <- coef_test(fit, vcov = "CR2", cluster = rows$hospital, test = "Satterthwaite")
  names <- names(coef(fit))[!is.na(coef(fit))]
  for (i in seq_along(names)) if (!grepl("hospital|Intercept", names[i]))
    line(name, names[i], digits(test$beta[i]), digits(test$SE[i]), digits(test$df_Satt[i]), digits(test$tstat[i]), digits(test$p_Satt[i]))
}
robust("fixed", y ~ treated + year + hospital)
robust("fixed exposure", y ~ exposure + year + hospital)
